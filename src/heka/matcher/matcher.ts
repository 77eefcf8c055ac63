import type { MessageView } from '../wire/message-view.ts'

/** Whether a message that was scanned passes. */
export type Matcher = (view: MessageView) => boolean
