// What bluetooth-meshd wants of the kernel, from OpenSSL and a socket instead, so that it runs without a Bluetooth
// controller and without the kernel's crypto interface: for LD_PRELOAD. The signatures are those of ell, its library.
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dlfcn.h>
#include <openssl/cmac.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct {
    unsigned char octets[16];
    size_t tag;
} Key;

static Key *key(const void *octets, size_t length, size_t tag) {
    Key *key = length == 16 ? calloc(1, sizeof *key) : NULL;
    if (!key) return NULL;
    memcpy(key->octets, octets, 16);
    key->tag = tag;
    return key;
}

// AES-ECB on whole blocks.
Key *l_cipher_new(int type, const void *octets, size_t length) { return type == 0 ? key(octets, length, 0) : NULL; }
void l_cipher_free(Key *key) { free(key); }

bool l_cipher_encrypt(Key *key, const void *in, void *out, size_t length) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    bool done = EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key->octets, NULL)
        && EVP_CIPHER_CTX_set_padding(context, 0) && EVP_EncryptUpdate(context, out, &written, in, (int)length);
    EVP_CIPHER_CTX_free(context);
    return done && written == (int)length;
}

// AES-CCM, with the tag behind the text.
Key *l_aead_cipher_new(int type, const void *octets, size_t length, size_t tag) {
    return type == 0 ? key(octets, length, tag) : NULL;
}
void l_aead_cipher_free(Key *key) { free(key); }

static bool ccm(Key *key, bool seals, const unsigned char *in, size_t length, const void *ad, size_t ad_length,
                const void *nonce, size_t nonce_length, unsigned char *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written;
    void *tag = seals ? NULL : (void *)(in + length);
    bool done = EVP_CipherInit_ex(context, EVP_aes_128_ccm(), NULL, NULL, NULL, seals)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_CCM_SET_IVLEN, (int)nonce_length, NULL)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_CCM_SET_TAG, (int)key->tag, tag)
        && EVP_CipherInit_ex(context, NULL, NULL, key->octets, nonce, seals)
        && EVP_CipherUpdate(context, NULL, &written, NULL, (int)length)
        && (ad_length == 0 || EVP_CipherUpdate(context, NULL, &written, ad, (int)ad_length))
        && EVP_CipherUpdate(context, out, &written, in, (int)length)
        && (!seals || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_CCM_GET_TAG, (int)key->tag, out + length));
    EVP_CIPHER_CTX_free(context);
    return done;
}

bool l_aead_cipher_encrypt(Key *key, const void *in, size_t length, const void *ad, size_t ad_length, const void *nonce,
                           size_t nonce_length, void *out, size_t room) {
    return room >= length + key->tag && ccm(key, true, in, length, ad, ad_length, nonce, nonce_length, out);
}

bool l_aead_cipher_decrypt(Key *key, const void *in, size_t length, const void *ad, size_t ad_length, const void *nonce,
                           size_t nonce_length, void *out, size_t room) {
    return length >= key->tag && room >= length - key->tag
        && ccm(key, false, in, length - key->tag, ad, ad_length, nonce, nonce_length, out);
}

// AES-CMAC.
CMAC_CTX *l_checksum_new_cmac_aes(const void *octets, size_t length) {
    CMAC_CTX *context = CMAC_CTX_new();
    if (context && CMAC_Init(context, octets, length, EVP_aes_128_cbc(), NULL)) return context;
    CMAC_CTX_free(context);
    return NULL;
}
void l_checksum_free(CMAC_CTX *context) { CMAC_CTX_free(context); }
bool l_checksum_update(CMAC_CTX *context, const void *data, size_t length) { return CMAC_Update(context, data, length); }

ssize_t l_checksum_get_digest(CMAC_CTX *context, void *digest, size_t length) {
    unsigned char whole[16];
    size_t written = sizeof whole;
    if (!CMAC_Final(context, whole, &written)) return -1;
    if (length > written) length = written;
    memcpy(digest, whole, length);
    CMAC_Init(context, NULL, 0, NULL, NULL);
    return (ssize_t)length;
}

// The "unit" bearer binds a datagram socket and sends on it without connecting it: here it is connected to MESH_RADIO.
static int radio = -1;

int bind(int descriptor, const struct sockaddr *address, socklen_t length) {
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    int result = next(descriptor, address, length);
    const char *peer = getenv("MESH_RADIO");
    if (result != 0 || !peer || address->sa_family != AF_UNIX) return result;
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    strncpy(other.sun_path, peer, sizeof other.sun_path - 1);
    if (connect(descriptor, (struct sockaddr *)&other, sizeof other) == 0) radio = descriptor;
    return result;
}

// That bearer takes the octet of the length for one of the data's, and would read one too many.
ssize_t recv(int descriptor, void *buffer, size_t size, int flags) {
    ssize_t (*next)(int, void *, size_t, int) = dlsym(RTLD_NEXT, "recv");
    ssize_t result = next(descriptor, buffer, size, flags);
    return descriptor == radio && result > 1 ? result - 1 : result;
}
