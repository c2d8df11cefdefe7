// Verification needs no context of its own: the library's static one is enough, for any thread.
#include <secp256k1.h>

// 1 if the 64 bytes r and s are the key's signature over the 32 bytes. The library refuses an s in
// the upper half of the order, r or s of zero or above it, and points that are not on the curve.
static inline int stoa_secp256k1_verify(
    const unsigned char *key33, const unsigned char *digest32, const unsigned char *signature64)
{
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, key33, 33)
        && secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &signature, signature64)
        && secp256k1_ecdsa_verify(secp256k1_context_static, &signature, digest32, &key);
}
