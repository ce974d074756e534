/** Counts the sessions that ONNX Runtime made and those that were given back, from now on. */
import { InferenceSession } from "onnxruntime-node";

export interface SessionCount {
  made: number;
  released: number;
}

export function countSessions(): SessionCount {
  const count: SessionCount = { made: 0, released: 0 };
  const create = InferenceSession.create.bind(InferenceSession) as (
    ...of: unknown[]
  ) => Promise<InferenceSession>;
  (InferenceSession as { create: typeof create }).create = async (...of) => {
    const session = await create(...of);
    count.made++;
    const release = session.release.bind(session);
    session.release = async () => {
      await release();
      count.released++;
    };
    return session;
  };
  return count;
}
