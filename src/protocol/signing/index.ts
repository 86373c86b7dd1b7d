export { SigningKey, VerifyKey } from './signing-key';
export { addSignature, signableText, signatureOf, signingKeyIds, signJson, verifyJson } from './sign-json';
export {
  parseRequestSignature,
  printRequestSignature,
  requestText,
  type RequestSignature,
  type SignedParts,
} from './request-signature';
export { isKeyId, readKeyDocument, type KeyDocument, type OldKey } from './key-document';
