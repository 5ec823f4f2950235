import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { useProject } from '../../api/project.ts'

const CHECK_DELAY_MS = 350

/** Problems of the text as the server sees them, a moment after it was typed. */
export function useProblems(yaml: string) {
  const { query } = useProject()
  const [settled] = useDebouncedValue(yaml, CHECK_DELAY_MS)
  return useQuery({
    queryKey: ['pipeline-problems', query, settled],
    queryFn: ({ signal }) => call('validatePipeline', { query, body: settled }, { signal }),
    enabled: settled.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  })
}
