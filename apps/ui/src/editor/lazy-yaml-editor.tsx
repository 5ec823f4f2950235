import { lazy, Suspense } from 'react'
import { LoadingRows } from '../design/states.tsx'
import type { YamlEditorProps } from './yaml-editor.tsx'

const YamlEditor = lazy(() => import('./yaml-editor.tsx').then((module) => ({ default: module.YamlEditor })))

/** {@link YamlEditor} without its weight: the editor comes when it is first shown. Fills its parent. */
export function LazyYamlEditor(props: YamlEditorProps) {
  return (
    <Suspense fallback={<LoadingRows rows={10} height={14} />}>
      <YamlEditor {...props} />
    </Suspense>
  )
}
