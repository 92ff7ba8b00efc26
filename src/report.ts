import type {z} from 'zod'
import type {blockSchema, findingSchema, fixSchema, reportSchema, resultSchema} from './report-schema.js'

export type Block = z.infer<typeof blockSchema>
export type Fix = z.infer<typeof fixSchema>
export type Finding = z.infer<typeof findingSchema>
export type Result = z.infer<typeof resultSchema>
export type Report = z.infer<typeof reportSchema>
