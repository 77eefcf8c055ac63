import { ClassRegistry } from '../../runtime/class-registry.ts'
import { ChangeExtensionCallback, DeleteFileCallback, MoveFileCallback } from './built-in-callbacks.ts'
import type { CallbackClass } from './callback.ts'

/** The registry of the callbacks of archives. A new built-in callback needs its line in `builtIn`. */
export const CALLBACKS = new ClassRegistry<CallbackClass>({
  kind: 'callback',
  builtIn: { MoveFileCallback, ChangeExtensionCallback, DeleteFileCallback },
  classPaths: {
    'shoebox.handlers:MoveFileCallback': MoveFileCallback,
    'shoebox.handlers:ChangeExtensionCallback': ChangeExtensionCallback,
    'shoebox.handlers:DeleteFileCallback': DeleteFileCallback,
  },
  methods: ['onClose'],
  ownOnes: 'own ones are named as ./my.js:MyCallback',
})
