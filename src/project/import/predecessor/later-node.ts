import { NODE_TYPES } from '../../../contracts/blueprint.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import { sentence } from '../source-text.ts';
import { type OldNode, textOf, textsOf } from './old-document.ts';
import { type Body, componentName, template, type Writing } from './writing.ts';

/** Types that this version does not run: the node stays, says what it was, and fails when it is reached. */
export function later(node: OldNode, writing: Writing): Body {
  const made = future(node, writing);
  if (made && (NODE_TYPES as readonly string[]).includes(made.type)) return made;
  const was = made ? { type: made.type, ...made.fields } : keptFields(node.fields);
  writing.lose(
    node,
    `a node of the type ${node.type}, which this version does not run. ${made ? 'It would be' : 'It was'}:\n${JSON.stringify(was, null, 2)}`,
  );
  return {
    type: 'code',
    fields: { code: missing(node, `a ${sentence(node.type, 40)} node is not run by this version`) },
  };
}

function future(node: OldNode, writing: Writing): Body | undefined {
  const { fields } = node;
  const text = (value: unknown): string => template(textOf(value) ?? '', node, writing);
  switch (node.type) {
    case 'human': {
      const kinds: Record<string, string> = {
        approve_reject: 'approve',
        input_required: 'input',
        choice: 'choice',
      };
      const choices = textsOf(fields['choices']);
      if (fields['auto_approve_after'] != null)
        writing.lose(node, 'auto_approve_after: nothing approves by itself');
      return {
        type: 'human',
        fields: {
          prompt: text(fields['prompt_message']),
          kind: kinds[String(fields['approval_type'])] ?? 'approve',
          ...(choices.length > 0 ? { choices } : {}),
        },
      };
    }
    case 'monitor':
      return {
        type: 'monitor',
        fields: {
          when: bare(fields['metric_expression']),
          action:
            fields['action_on_trigger'] === 'pause' || fields['action_on_trigger'] === 'abort'
              ? fields['action_on_trigger']
              : 'alert',
          channels: textsOf(fields['alert_channels']),
        },
      };
    case 'swarm':
      return {
        type: 'swarm',
        fields: {
          agents: (Array.isArray(fields['agents']) ? fields['agents'] : []).filter(isMap).map((each) => ({
            role: String(each['role'] ?? 'member'),
            agent: componentName(String(each['package'] ?? 'agent')),
          })),
          strategy: 'consensus',
          ...(typeof fields['max_rounds'] === 'number' ? { maxRounds: fields['max_rounds'] } : {}),
          ...(typeof fields['consensus_threshold'] === 'number'
            ? { threshold: fields['consensus_threshold'] }
            : {}),
        },
      };
    case 'recursive': {
      const agentName = textOf(fields['agent_package']);
      const workflow = textOf(fields['workflow_ref']);
      const most = fields['max_iterations'] ?? fields['max_rounds'];
      return {
        type: 'recursive',
        fields: {
          ...(agentName === undefined ? {} : { agent: componentName(agentName) }),
          ...(workflow === undefined ? {} : { workflow: componentName(workflow) }),
          ...((node.lists['body'] ?? []).length > 0 ? { body: node.lists['body']!.map(writing.write) } : {}),
          until: bare(fields['convergence_condition']),
          ...(typeof most === 'number' ? { maxIterations: most } : {}),
        },
      };
    }
    default:
      return undefined;
  }
}

export const missing = (node: OldNode, why: string): string =>
  `throw new Error(${JSON.stringify(`${node.id} was imported from an older document: ${why}`)})`;

const keptFields = ({ id: _, type, dependencies: _d, ...rest }: JsonMap): JsonMap => ({ type, ...rest });

/** An expression over variables of the node's own, as `iteration` and `cost`: it is shown as it was. */
const bare = (text: unknown): string =>
  `{{ ${
    textOf(text)
      ?.replace(/[{}]{2}/g, '')
      .trim() ?? 'false'
  } }}`;
