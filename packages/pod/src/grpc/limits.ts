/** Outputs travel in chunks of 1 MiB and log batches are smaller; the rest is room for parameters and secrets. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** Chunks of outputs in bytes. */
export const CHUNK_BYTES = 1024 * 1024
