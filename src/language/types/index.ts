export type { JsonSchema } from '../../contracts/json.ts';
export { assignable, type Fit, type Misfit, type MisfitKind } from './assignable.ts';
export { describe } from './describe.ts';
export { afterComparing, type Compared, itemType, type Member, memberType, withoutNull } from './members.ts';
export { resolveRefs } from './refs.ts';
export {
  type ArrayShape,
  type ObjectShape,
  objectType,
  type ScalarShape,
  type Shape,
  shapesOf,
  typeOfValue,
} from './shapes.ts';
export { isNever, isUnknown, union, widened } from './union.ts';
