import type { Tape } from '../models/cassettes.ts';
import type { Models } from '../models/port.ts';
import { wrapModels } from '../models/recorded.ts';

/**
 * Models behind the tapes of their projects. Echo stays as it is: it gives the same answer everywhere without a key,
 * so a recording of it would only hide that its script has changed.
 */
export function tapedModels(models: Models, tapeOf: (project: string) => Tape | undefined): Models {
  return {
    ...(models.price ? { price: (model: string) => models.price!(model) } : {}),
    generate(model, request) {
      const tape = model.startsWith('echo/') ? undefined : tapeOf(request.project ?? '');
      return (tape ? wrapModels(models, tape) : models).generate(model, request);
    },
  };
}
