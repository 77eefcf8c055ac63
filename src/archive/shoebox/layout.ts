// The binary format of StackTach's shoebox, version 1. All integers are little-endian, without padding:
//
//   preamble   int32 0x69867884, int16 version
//   header     int32 length of the metadata block, int32 length of the raw block, int32 0
//   metadata   int32 4 × number of pairs; for each pair int32 length of the name, int32 length of the value;
//              then names and values in turn, UTF-8
//   raw        int32 length of the payload, the payload

/** The first bytes of each record. */
export const MAGIC = Buffer.from([0x84, 0x78, 0x86, 0x69])
export const VERSION = 1

/** Places of the fields of a record, in bytes from its begin. */
export const AT = { version: 4, metadataLength: 6, rawLength: 10, zero: 14, metadata: 18 } as const

export const INT32 = 4
/** Bytes of a pair among the lengths. */
export const PAIR_LENGTHS = 2 * INT32
