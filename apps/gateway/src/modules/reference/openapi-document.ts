import { buildOpenApi } from '@sluice/contracts/openapi'
import { ALL_ROUTES } from '@sluice/contracts/route-list'

/** Text of the OpenAPI document of everything public. */
export function openApiText(): string {
  return `${JSON.stringify(buildOpenApi(ALL_ROUTES), undefined, 2)}\n`
}
