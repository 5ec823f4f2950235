import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { SchemaAddress } from './schemas.ts'

/** What a changeset does, as an instance gets it. */
export function changesetQuery(
  address: SchemaAddress,
  { file, author, id }: { file: string; author: string; id: string },
  instance: string,
) {
  return queryOptions({
    queryKey: ['changeset', address, file, author, id, instance],
    queryFn: ({ signal }) =>
      call('getChangeset', { params: address, query: { fileName: file, author, id, instance } }, { signal }),
    staleTime: 60_000,
  })
}
