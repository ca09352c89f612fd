import * as z from 'zod';

const task = z.object({ id: z.string(), name: z.string(), state: z.string() });

/** A capture as `mesos_capture` registered it, given back to another task: `before: "{{ before }}"`. */
export const registeredCapture = z
  .looseObject({
    agent: z.looseObject({ instance: z.string(), id: z.string().optional() }),
    executors: z.array(
      z.looseObject({
        pid: z.number(),
        start: z.number(),
        id: z.string(),
        framework: z.string().optional(),
        checkpoint: z.boolean(),
        http: z.boolean(),
        standing: z.string(),
        links: z.array(z.looseObject({ inode: z.number(), fd: z.number().optional() })),
        tasks: z.array(task).readonly().optional(),
        container: z.object({ id: z.string(), started_at: z.string() }).optional(),
      }),
    ),
    clock: z.looseObject({ wall_seconds: z.number().optional() }).optional(),
    counts: z.looseObject({ processes_by_name: z.number() }).optional(),
  })
  .describe('What mesos_capture registered before.');

export type Before = z.output<typeof registeredCapture>;
/** An executor as it was. */
export type Earlier = Before['executors'][number];
