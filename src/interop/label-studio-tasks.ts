import { CHOICES_NAME, type ItemKind, ITEM_NAME } from './label-studio-config.js';
import type { ExportedQuestion } from './question.js';

/** A task as Label Studio imports it. */
export interface LabelStudioTask {
  readonly data: Readonly<Record<string, unknown>>;
  readonly predictions?: readonly {
    readonly model_version: string;
    /** The model's confidence; Label Studio's "prediction score" order shows the lowest first. */
    readonly score: number;
    readonly result: readonly object[];
  }[];
}

/**
 * Tasks for Label Studio's import. `data` holds the item, its `querent_id`, and `al_rank` and `al_score` to sort by; the
 * model's opinion comes as a prediction.
 *
 * @param modelVersion Of the predictions.
 * @see https://labelstud.io/guide/predictions
 */
export function labelStudioTasks(
  questions: readonly ExportedQuestion[],
  kind: ItemKind,
  modelVersion: string,
): LabelStudioTask[] {
  return questions.map(({ id, rank, score, predicted, confidence, nearest, shown, fields }) => {
    const data = { ...fields, [kind]: shown, querent_id: id, al_rank: rank, al_score: score, al_nearest: nearest };
    if (predicted === null || confidence === null) return { data };
    const choice = { from_name: CHOICES_NAME, to_name: ITEM_NAME, type: 'choices', value: { choices: [predicted] } };
    return { data, predictions: [{ model_version: modelVersion, score: confidence, result: [choice] }] };
  });
}
