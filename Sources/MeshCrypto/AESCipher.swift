import ByteParsing

import COpenSSL

/// OpenSSL with what is used of it: neither the system's configuration nor lists of all algorithms by name, which nothing here
/// asks for, and nothing to tidy up at the end. It is half of what OpenSSL takes to start.
private let isOpenSSLReady =
    OPENSSL_init_crypto(
        UInt64(
            OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS
                | OPENSSL_INIT_NO_ATEXIT), nil) == 1

/// AES-128 under one key, in OpenSSL; this file is the only one that imports it.
///
/// A block is a `UInt128` whose most significant octet is the first one. One context is made for each key and kept,
/// since making one costs more than fifty blocks.
@safe public final class AESCipher {
    private let context: OpaquePointer

    /// A cipher under this key; it never throws, since OpenSSL refuses no key of 128 bits.
    public init(key: UInt128) {
        precondition(isOpenSSLReady, "OpenSSL does not start")
        guard let made = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("OpenSSL has no memory for a cipher") }
        unsafe context = made
        let ready = unsafe key.octets.withUnsafeBufferPointer {
            unsafe EVP_EncryptInit_ex(made, EVP_aes_128_ecb(), nil, $0.baseAddress, nil)
        }
        // Its padding would come behind the last block, which is never asked for: to switch it off costs as much as a new key does.
        precondition(ready == 1, "OpenSSL refuses AES-128-ECB")
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Goes on under another key: a tenth of what a cipher of its own costs.
    public func rekey(_ key: UInt128) {
        var key = key.bigEndian
        let ready = unsafe withUnsafeBytes(of: &key) {
            unsafe EVP_EncryptInit_ex(context, nil, nil, $0.bindMemory(to: UInt8.self).baseAddress, nil)
        }
        precondition(ready == 1, "OpenSSL refuses a key of AES-128-ECB")
    }

    /// e(key, block) of one block, without a list.
    public func encryptOne(_ block: UInt128) -> UInt128 {
        var octets = block.bigEndian
        var written: Int32 = 0
        let done = unsafe withUnsafeMutableBytes(of: &octets) {
            let start = unsafe $0.bindMemory(to: UInt8.self).baseAddress
            return unsafe EVP_EncryptUpdate(context, start, &written, start, 16)
        }
        precondition(done == 1, "OpenSSL fails at AES-128-ECB")
        return UInt128(bigEndian: octets)
    }

    /// e(key, block): Mesh Protocol 1.1, "AES-128 encryption function".
    public func encrypt(_ block: UInt128) -> UInt128 {
        var blocks = [block]
        encrypt(&blocks)
        return blocks[0]
    }

    /// Encrypts each block on its own, in one call of OpenSSL: that is what makes it fast.
    public func encrypt(_ blocks: inout [UInt128]) { encrypt(&blocks, count: blocks.count) }

    /// Likewise the first `count` blocks, of those that are there.
    public func encrypt(_ blocks: inout [UInt128], count: Int) {
        for index in 0..<count { blocks[index] = blocks[index].bigEndian }
        encryptStored(&blocks, count: count)
        for index in 0..<count { blocks[index] = UInt128(bigEndian: blocks[index]) }
    }

    /// Likewise, of blocks whose octets lie in memory as they are sent: who fills and reads them one by one turns each by the way
    /// (`bigEndian`), and saves two walks through all of them.
    public func encryptStored(_ blocks: inout [UInt128], count: Int) {
        guard count > 0 else { return }
        let done = unsafe blocks.withUnsafeMutableBufferPointer { all in
            let octets = unsafe UnsafeMutableRawBufferPointer(all.extracting(..<count)).bindMemory(to: UInt8.self)
            var written: Int32 = 0
            return unsafe EVP_EncryptUpdate(
                context, octets.baseAddress, &written, octets.baseAddress, Int32(octets.count))
        }
        precondition(done == 1, "OpenSSL fails at AES-128-ECB")
    }
}

/// AES-CMAC (RFC 4493) under one key.
@safe public final class AESCMAC {
    private let context: OpaquePointer

    /// A CMAC under this key, which can be used any number of times.
    public init(key: UInt128) {
        precondition(isOpenSSLReady, "OpenSSL does not start")
        let algorithm = unsafe EVP_MAC_fetch(nil, "CMAC", nil)
        guard let made = unsafe EVP_MAC_CTX_new(algorithm) else { preconditionFailure("OpenSSL has no CMAC") }
        unsafe EVP_MAC_free(algorithm)
        unsafe context = made
        var name = Array("AES-128-CBC".utf8CString)
        let octets = key.octets
        let ready = unsafe name.withUnsafeMutableBufferPointer { name in
            let parameters = unsafe [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return unsafe EVP_MAC_init(made, octets, octets.count, parameters)
        }
        precondition(ready == 1, "OpenSSL refuses AES-CMAC")
    }

    deinit {
        unsafe EVP_MAC_CTX_free(context)
    }

    /// The code of a message of any length, 128 bits, the first octet the most significant one.
    public func authenticate(_ message: [UInt8]) -> UInt128 {
        var code = [UInt8](repeating: 0, count: 16)
        var length = 0
        let done =
            unsafe EVP_MAC_init(context, nil, 0, nil) == 1
            && EVP_MAC_update(context, message, message.count) == 1
            && EVP_MAC_final(context, &code, &length, code.count) == 1
        precondition(done, "OpenSSL fails at AES-CMAC")
        return UInt128(leftAligned: code)
    }
}

/// AES-CCM (RFC 3610) with a nonce of 13 octets, as the mesh uses it everywhere.
public enum AESCCM {
    /// The ciphertext, followed by the message integrity check of `tagLength` octets.
    ///
    /// `key`: the first octet is the most significant one.
    /// `nonce`: 13 octets in the mesh; 7 to 13 are allowed.
    /// `tagLength`: 4 to 16 octets, even; the mesh uses 4 and 8.
    public static func seal(
        _ plaintext: [UInt8], key: UInt128, nonce: [UInt8], additionalData: [UInt8] = [], tagLength: Int
    ) -> [UInt8] {
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let key = key.octets
        var written: Int32 = 0
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count + 16)
        var tag = [UInt8](repeating: 0, count: tagLength)
        let done =
            unsafe EVP_EncryptInit_ex(context, EVP_aes_128_ccm(), nil, nil, nil) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), nil) == 1
            && EVP_EncryptInit_ex(context, nil, nil, key, nonce) == 1
            && EVP_EncryptUpdate(context, nil, &written, nil, Int32(plaintext.count)) == 1
            && (additionalData.isEmpty
                || EVP_EncryptUpdate(context, nil, &written, additionalData, Int32(additionalData.count)) == 1)
            && EVP_EncryptUpdate(context, &ciphertext, &written, plaintext, Int32(plaintext.count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        precondition(done, "OpenSSL fails at AES-CCM")
        return ciphertext.prefix(plaintext.count) + tag
    }

    /// The plaintext; `nil` if the integrity check does not match.
    ///
    /// The other values are those of sealing; what is shorter than a tag opens under no key.
    public static func open(
        _ sealed: [UInt8], key: UInt128, nonce: [UInt8], additionalData: [UInt8] = [], tagLength: Int
    ) -> [UInt8]? {
        guard sealed.count >= tagLength else { return nil }
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let key = key.octets
        let ciphertext = Array(sealed.dropLast(tagLength))
        var tag = Array(sealed.suffix(tagLength))
        var written: Int32 = 0
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count + 16)
        let ready =
            unsafe EVP_DecryptInit_ex(context, EVP_aes_128_ccm(), nil, nil, nil) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1
            && EVP_DecryptInit_ex(context, nil, nil, key, nonce) == 1
            && EVP_DecryptUpdate(context, nil, &written, nil, Int32(ciphertext.count)) == 1
            && (additionalData.isEmpty
                || EVP_DecryptUpdate(context, nil, &written, additionalData, Int32(additionalData.count)) == 1)
        precondition(ready, "OpenSSL fails at AES-CCM")
        let matches = unsafe EVP_DecryptUpdate(context, &plaintext, &written, ciphertext, Int32(ciphertext.count)) == 1
        return matches ? Array(plaintext.prefix(ciphertext.count)) : nil
    }
}

/// SHA-256 (FIPS 180-4) of what is added to it.
@safe public final class SHA256Digest {
    private let context: OpaquePointer

    /// Of nothing so far.
    public init() {
        precondition(isOpenSSLReady, "OpenSSL does not start")
        guard let made = unsafe EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a digest") }
        unsafe context = made
        let ready = unsafe EVP_DigestInit_ex(made, EVP_sha256(), nil)
        precondition(ready == 1, "OpenSSL refuses SHA-256")
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Adds octets behind those that were added before.
    public func add(_ octets: [UInt8]) {
        let done = unsafe octets.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(done == 1, "OpenSSL fails at SHA-256")
    }

    /// The 32 octets; nothing can be added behind it.
    public func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = unsafe digest.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
        }
        precondition(done == 1, "OpenSSL fails at SHA-256")
        return digest
    }
}
