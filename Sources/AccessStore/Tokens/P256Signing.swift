import CLibcrypto
import CanonicalCoding
import MarketTypes

/// Signing with P-256, for tokens whose readers know no Ed25519.
enum P256Signing {
    /// The compressed public key of a secret number; nil if it is none of the group's.
    static func publicKey(secret: [UInt8]) -> [UInt8]? {
        withKey(secret) { key in
            var out = [UInt8](repeating: 0, count: 33)
            let written = EC_POINT_point2oct(
                EC_KEY_get0_group(key),
                EC_KEY_get0_public_key(key),
                POINT_CONVERSION_COMPRESSED,
                &out,
                out.count,
                nil
            )
            return written == out.count ? out : nil
        }
    }

    /// r and s over the SHA-256 of `message`.
    static func sign(_ message: [UInt8], secret: [UInt8]) -> [UInt8]? {
        withKey(secret) { key in
            let hash = Digest(sha256: message).bytes
            guard let signature = ECDSA_do_sign(hash, Int32(hash.count), key) else { return nil }
            defer { ECDSA_SIG_free(signature) }
            var (r, s) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
            guard BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, 32) == 32,
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, 32) == 32
            else { return nil }
            return r + s
        }
    }

    private static func withKey<Output>(
        _ secret: [UInt8],
        _ body: (OpaquePointer) -> Output?
    ) -> Output? {
        guard secret.count == 32,
            let key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1),
            let group = EC_KEY_get0_group(key), let point = EC_POINT_new(group),
            let number = BN_bin2bn(secret, 32, nil)
        else { return nil }
        defer {
            BN_clear_free(number)
            EC_POINT_free(point)
            EC_KEY_free(key)
        }
        // OpenSSL refuses zero and what is not below the group's order.
        guard EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            EC_KEY_set_private_key(key, number) == 1, EC_KEY_set_public_key(key, point) == 1,
            EC_KEY_check_key(key) == 1
        else {
            ERR_clear_error()
            return nil
        }
        return body(key)
    }
}
