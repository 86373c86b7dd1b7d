export { SigningKey, VerifyKey } from './signing-key';
export { addSignature, signableText, signatureOf, signingKeyIds, signJson, verifyJson } from './sign-json';
