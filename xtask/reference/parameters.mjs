// Says once what the parameters are that nearly every method has, for typedoc, which wants a comment on each. Where a method says it
// itself (@param), that counts.
import { Comment, Converter, ReflectionKind } from 'typedoc';

const MEANINGS = {
  id: 'The id of the row.',
  options: 'The signal that aborts the call.',
  progress: 'How far it is.',
  value: 'What was caught.',
  args: 'Nobody but the library makes errors.',
};

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const parameter of context.project.getReflectionsByKind(ReflectionKind.Parameter)) {
      const meaning = MEANINGS[parameter.name];
      if (!parameter.comment && meaning) parameter.comment = new Comment([{ kind: 'text', text: meaning }]);
    }
  });
}
