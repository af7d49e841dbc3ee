import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'mail',
  version: '1.2.0',
  description: 'Writes a mail',
  input: z.object({
    to: z.array(z.string()),
    subject: z.string().max(80),
    body: z.string(),
    priority: z.enum(['low', 'high']).default('low'),
  }),
  output: z.object({ id: z.string(), sentAt: z.string() }),
  run: ({ to }) => ({ id: to.join(), sentAt: '2020-01-01' }),
});
