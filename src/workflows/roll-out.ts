/** `rollOut`: a shard of trajectories, turn by turn: the policy responds on the device, its tools answer in the sandbox. */
import type { StartShard } from "../activities/rollouts.ts";
import type { ShardState } from "../activities/shards.ts";
import type { SamplingSettings } from "../core/experiment/sampling.ts";
import type { RewardKind } from "../core/reward/reward.ts";
import { requireParent } from "./alone.ts";
import { type Control, installControl } from "./control.ts";
import { cpu, sample } from "./proxies.ts";

export interface RollOut {
  readonly start: StartShard;
  /** Responses at each prefix: 1 in an evaluation; in training the others are judged too. */
  readonly samplesPerPrefix: number;
  readonly sampling: SamplingSettings;
  readonly reward: RewardKind;
  readonly maxTurns: number;
}

export function rollOut(input: RollOut): Promise<ShardState> {
  requireParent("evaluatePolicy or trainPolicy");
  const control = installControl();
  return control.toItsEnd(playShard(control, input));
}

async function playShard(control: Control, input: RollOut): Promise<ShardState> {
  const { context, policy, environments } = input.start;
  let state = await cpu.startShard.executeWithOptions({ summary: "render prompts" }, [input.start]);
  for (let turn = 0; turn < input.maxTurns && state.active > 0; turn++) {
    await control.gate();
    const said = await sample.sampleTurn.executeWithOptions(
      { summary: `turn ${turn}: ${state.active} respond` },
      [
        {
          context,
          policy,
          shard: state.shard,
          turn,
          samplesPerPrefix: input.samplesPerPrefix,
          sampling: input.sampling,
        },
      ],
    );
    state = await cpu.runTools.executeWithOptions({ summary: `turn ${turn}: tools answer` }, [
      {
        context,
        policy,
        environments,
        shard: said.shard,
        reward: input.reward,
        maxTurns: input.maxTurns,
        maxResponseTokens: input.sampling.maxResponseTokens,
      },
    ]);
  }
  return state;
}
