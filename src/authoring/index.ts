/**
 * `iceos`: what authors of tools and workflows import. It runs inside the sandbox: no Node, nothing but types from
 * elsewhere.
 */
export { RetryableError, TerminalError } from './errors.ts';
export { expr, type Ref, text, type Value } from './refs.ts';
export {
  type AiTool,
  type AiToolOptions,
  type Args,
  defineTool,
  type FetchInit,
  type Log,
  type Parsed,
  type PlainSchema,
  type Result,
  type SchemaLike,
  type Tool,
  type ToolContext,
  type ToolDefinition,
  type ToolExample,
  type ToolLimits,
  type ToolPermissions,
} from './tool.ts';
export { type Refs, type Workflow, type WorkflowDocument, workflow } from './workflow.ts';
