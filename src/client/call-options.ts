/** The options of a call, beside its query. */
export type CallOptions = { readonly signal?: AbortSignal | undefined }
