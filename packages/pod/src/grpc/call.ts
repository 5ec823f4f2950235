import {
  Metadata,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js'

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall

/** Makes one unary call. Every call has a deadline; an abort cancels it. @throws ServiceError of gRPC. */
export function callUnary<Request, Response>(
  method: Unary<Request, Response>,
  request: Request,
  options: { withinMs: number; signal?: AbortSignal },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = method(request, new Metadata(), { deadline: Date.now() + options.withinMs }, (error, response) => {
      options.signal?.removeEventListener('abort', cancel)
      if (error) reject(error)
      else resolve(response)
    })
    const cancel = (): void => call.cancel()
    if (options.signal?.aborted) cancel()
    else options.signal?.addEventListener('abort', cancel, { once: true })
  })
}

/** Reads a server stream as typed messages. Leaving the loop or an abort cancels the call. @throws ServiceError of gRPC. */
export async function* readStream<Message>(
  stream: ClientReadableStream<Message>,
  signal?: AbortSignal,
): AsyncGenerator<Message, void, void> {
  const cancel = (): void => stream.cancel()
  if (signal?.aborted) cancel()
  else signal?.addEventListener('abort', cancel, { once: true })
  try {
    for await (const message of stream) yield message
  } finally {
    signal?.removeEventListener('abort', cancel)
    // Without a listener the cancellation itself would be reported as an unhandled error.
    stream.on('error', () => {})
    stream.cancel()
  }
}

/** True for an error of gRPC itself (the peer is gone, refused, too slow), with its status code. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
}
