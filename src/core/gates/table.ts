/** All gates, cheap ones first: the static ones decide before any code runs. */
import { answerShapeGate } from "./answer-shape.ts";
import { decompositionGate } from "./decomposition.ts";
import { determinismGate } from "./determinism.ts";
import { distractorsGate } from "./distractors.ts";
import { documentsGate } from "./documents.ts";
import { errorBehaviourGate } from "./error-behaviour.ts";
import { fuelGate } from "./fuel.ts";
import type { Gate } from "./gate.ts";
import { generalizationGate } from "./generalization.ts";
import { documentLeakGate, questionLeakGate } from "./leaks.ts";
import { necessityGate } from "./necessity.ts";
import { negativeGate } from "./negative.ts";
import { oracleGate } from "./oracle.ts";
import { questionPlanGate } from "./question-plan.ts";
import { staticCodeGate } from "./static-code.ts";

export const gateTable: readonly Gate[] = [
  decompositionGate,
  answerShapeGate,
  questionLeakGate,
  questionPlanGate,
  necessityGate,
  documentsGate,
  documentLeakGate,
  staticCodeGate,
  oracleGate,
  fuelGate,
  determinismGate,
  distractorsGate,
  negativeGate,
  errorBehaviourGate,
  generalizationGate,
];
