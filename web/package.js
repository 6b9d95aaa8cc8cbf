// The package's entry for pages with a view of their own. <oss-upload> is in element.js. This page loads neither by it.

export { Fault } from "./faults.js";
export { identityOf, typeOf } from "./files.js";
export { chooseLanguage, LANGUAGES, loadTranslator, Translator } from "./messages.js";
export { ResumeOffers } from "./resume-offers.js";
export { createQueue, Signer, Upload } from "./uploader.js";
export { describeFailure, describeStatus, describeTotals } from "./wording.js";
