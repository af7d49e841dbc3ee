/** Pictures of graphs: pure functions from a model to text. */
export { graphMermaid } from './mermaid.ts';
export { countNodes, type GraphFigures, type GraphList, type GraphModel, type GraphNode } from './model.ts';
export { graphSvg } from './svg.ts';
export { graphText } from './text.ts';
