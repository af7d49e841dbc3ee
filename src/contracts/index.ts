/** `iceos/contracts`: schemas and types of everything that crosses a border. */
export * from './blueprint.ts';
export * from './components.ts';
export * from './config.ts';
export * from './diagnostics.ts';
export * from './drafts.ts';
export * from './durations.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './ids.ts';
export * from './json.ts';
export * from './nodes/agent.ts';
export * from './permission-policy.ts';
export * from './plan.ts';
export * from './project.ts';
export * from './routes.ts';
export * from './runs.ts';
export * from './tests.ts';
