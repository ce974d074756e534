#!/usr/bin/env bash
# Prepares a namespace of a Temporal cluster of your own: the namespace, 30 days of retention and Ratchet's search
# attributes. Doing it twice is doing it once. The embedded server needs none of this.
#
#   TEMPORAL_ADDRESS=host:7233 TEMPORAL_NAMESPACE=ratchet temporal/setup-namespace.sh
set -euo pipefail

namespace="${TEMPORAL_NAMESPACE:-default}"
retention=720h

if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
  # A new namespace is known to all of the cluster's services within seconds.
  until temporal operator search-attribute list --namespace "$namespace" >/dev/null 2>&1; do sleep 1; done
fi

# The same as in src/workflows/names.ts; a test compares the two.
temporal operator search-attribute create --namespace "$namespace" \
  --name RatchetRun --type Keyword \
  --name RatchetStage --type Keyword \
  --name RatchetIteration --type Int \
  --name RatchetReward --type Double \
  --name RatchetSolveF1 --type Double \
  --name RatchetPolicy --type Keyword
