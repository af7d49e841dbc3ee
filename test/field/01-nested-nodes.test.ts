import { expect, test } from 'vitest';
import { countingServer, flow, openShop } from './shop.ts';

test('1. Branches and parallel nodes execute their nested nodes; dependents of a branch not taken are skipped', async () => {
  const { calls, tool } = await countingServer();
  const shop = await openShop();
  const call = (id: string) => ({ id, type: 'tool', tool: 'call', args: { path: id } });
  await shop.push(
    tool,
    flow(
      [
        {
          id: 'check',
          type: 'condition',
          expression: '{{ inputs.big }}',
          then: [call('approve')],
          else: [call('reject'), call('tell')],
        },
        { id: 'fan', type: 'parallel', branches: { left: [call('l1'), call('l2')], right: [call('r1')] } },
        {
          id: 'after',
          type: 'set',
          if: "{{ check.branch == 'then' }}",
          values: { x: '{{ check.then.approve.path }}' },
        },
        { id: 'last', type: 'set', values: { x: '{{ after.x }}' } },
      ],
      {
        branch: '{{ check.branch }}',
        left: '{{ fan.left.l2.path }}',
        right: '{{ fan.right.r1.path }}',
        last: '{{ last.x }}',
      },
      { inputs: { big: { type: 'boolean' } } },
    ),
  );
  const yes = await shop.run('flow', { big: true });
  expect(yes.outputs).toEqual({ branch: 'then', left: '/l2', right: '/r1', last: '/approve' });
  expect([...calls].sort()).toEqual(['/approve', '/l1', '/l2', '/r1']);

  calls.length = 0;
  const no = await shop.run('flow', { big: false });
  expect(no.state).toBe('succeeded');
  expect(no.outputs).toEqual({ branch: 'else', left: '/l2', right: '/r1', last: null });
  expect([...calls].sort()).toEqual(['/l1', '/l2', '/r1', '/reject', '/tell']);
  const skipped = (await shop.events(no.id))
    .filter((event) => event.type === 'node.skipped')
    .map((event) => event.path);
  expect(skipped).toEqual(expect.arrayContaining(['after', 'last']));
});
