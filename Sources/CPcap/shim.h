#include <dlfcn.h>
#include <stdio.h>
#include <pcap/pcap.h>

/* A GNU extension, which stdio.h declares only on request: a FILE whose octets a callback gives. */
#include <bits/types/cookie_io_functions_t.h>
extern FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);

/* The functions of libpcap that are called, each of the type that pcap.h declares. */
#define PCAP_FUNCTIONS(with) \
    with(activate) \
    with(close) \
    with(create) \
    with(datalink) \
    with(fopen_offline_with_tstamp_precision) \
    with(geterr) \
    with(next_ex) \
    with(set_immediate_mode) \
    with(set_snaplen) \
    with(set_timeout) \
    with(statustostr)

#define PCAP_DECLARE(name) __typeof__(&pcap_##name) _Nonnull name;
struct pcap_functions {
    PCAP_FUNCTIONS(PCAP_DECLARE)
};

/* Loads a library and finds them in it; 0 where there is none of that name, or it lacks one. */
#define PCAP_FIND(name) && (functions->name = (__typeof__(functions->name))dlsym(library, "pcap_" #name))
static inline int pcap_load(const char *_Nonnull name, struct pcap_functions *_Nonnull functions) {
    void *library = dlopen(name, RTLD_NOW);
    return library PCAP_FUNCTIONS(PCAP_FIND);
}
