import { expect, test } from 'vitest'
import { findTarget, splitUrl } from './find-target.ts'

test.each([
  ['/gateway/ng/api/connectors', 'ng-core', '/ng/api/connectors'],
  ['/gateway/ng/api/scm/list-files', 'pipeline-service', '/pipeline-service/scm/list-files'],
  ['/gateway/ng/api/webhook', 'pipeline-service', '/pipeline-service/webhook'],
  ['/gateway/pipeline/api/x', 'pipeline-service', '/pipeline-service/api/x'],
  ['/gateway/pipeline-service/api/x', 'pipeline-service', '/pipeline-service/api/x'],
  ['/gateway/dbops/v1/x', 'pipeline-service', '/pipeline-service/dbops/v1/x'],
  ['/gateway/log-service/stream', 'log-service', '/log-service/stream'],
])('%s leads to %s', (path, service, target) => {
  expect(findTarget(path)).toEqual({ service, path: target })
})

test.each([
  '/gateway/ng/apiary',
  '/gateway/delegate-service/ws',
  '/gateway/ng/api/../internal',
  '/gateway/ng/api/%2E%2e/x',
  '/gateway/ng/api/.%2e/x',
  '/gateway/ng/api//x',
  '/gateway/ng/api/%69nternal/token',
  '/gateway/ng/api/auth/%6cogin',
  '/gateway/ng/api/auth/logi%6E',
  '/gateway/ng/api/a%2fb',
  '/gateway/ng/api/a\\b',
])('%s leads nowhere', (path) => {
  expect(findTarget(path)).toBeUndefined()
})

test('everything after the first question mark is the query', () => {
  expect(splitUrl('/gateway/x?term=a?b')).toEqual({ path: '/gateway/x', query: 'term=a?b' })
  expect(splitUrl('/gateway/x')).toEqual({ path: '/gateway/x', query: undefined })
})
