export interface PipelinePlan {
  name: string
  identifier: string
  org: string
  project: string
  schema: string
  /** In the order of delivery. */
  instances: readonly { identifier: string; name: string }[]
  /** Runtime of the delegates at hand. */
  runtime: 'Process' | 'Docker'
}

/** A text as YAML writes it: quoted unless it is a plain word. */
function scalar(text: string): string {
  return /^[A-Za-z][\w]*( [A-Za-z0-9][\w]*)*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text)
}

/** YAML of a pipeline that previews and applies, one database after the other. */
export function pipelineYaml({ name, identifier, org, project, schema, instances, runtime }: PipelinePlan): string {
  const stages = instances.map(
    (instance) => `    - stage:
        identifier: ${instance.identifier}
        name: ${scalar(instance.name)}
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: database
                  name: Database
                  stepGroupInfra:
                    type: ${runtime}
                  steps:
                    # Shows the SQL that would run, and changes nothing.
                    - step:
                        identifier: preview
                        name: Preview
                        type: DBSchemaUpdateSQL
                        timeout: 10m
                        spec:
                          dbSchema: ${schema}
                          dbInstance: ${instance.identifier}
                    # Runs exactly what the preview showed, or refuses.
                    - step:
                        identifier: apply
                        name: Apply
                        type: DBSchemaApply
                        timeout: 10m
                        spec:
                          dbSchema: ${schema}
                          dbInstance: ${instance.identifier}
`,
  )
  return `pipeline:
  identifier: ${identifier}
  name: ${scalar(name)}
  orgIdentifier: ${org}
  projectIdentifier: ${project}
  stages:
${stages.join('')}`
}
