/** Conversations of agents: a row a turn, in order; `number` counts up, so that turns of one millisecond keep theirs. */
export default `
  create table thread_turns (
    number integer primary key autoincrement,
    project text not null,
    thread text not null,
    turn text not null,
    messages text not null,
    constraint thread_turns_turn unique (project, thread, turn)
  );`;
