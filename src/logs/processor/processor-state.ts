/** What a processor counts since its start. */
export type ProcessorCounters = {
  connections: number
  messages: number
  receivedBytes: number
  writtenBytes: number
  /** bytes that were not written, since they had been before */
  droppedBytes: number
  /** whole messages of these */
  duplicates: number
  answers: number
  /** messages that were refused, by why */
  refusals: { [reason: string]: number }
  /** connections that were ended for what came on them */
  brokenConnections: number
  /** connections that were refused for a wrong token or for no encryption */
  deniedConnections: number
  /** lines that were published */
  publishedLines: number
}

export function zeroCounters(): ProcessorCounters {
  return {
    ...{
      connections: 0,
      messages: 0,
      receivedBytes: 0,
      writtenBytes: 0,
      droppedBytes: 0,
      duplicates: 0,
      answers: 0,
    },
    ...{ refusals: {}, brokenConnections: 0, deniedConnections: 0, publishedLines: 0 },
  }
}
