// Failures whose message and stack are payloads, so that the codec encrypts them. Temporal loads converters by `require`.
const { DefaultFailureConverter } = require("@temporalio/common");

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
