/** What ids of runs and stages look like, and the one that no stage may have. Pure, and small enough for workflows: they go into workflow ids and list queries. */

export const identifierRule = "must be 1 to 48 lower-case letters, digits and hyphens";
export const identifierPattern = /^[a-z0-9][a-z0-9-]{0,47}$/;

/** The policy an experiment starts from. */
export const initialPolicy = "initial";
