#include <stdio.h>
#include <pcap/pcap.h>

/* A GNU extension, which stdio.h declares only on request: a FILE whose octets a callback gives. */
#include <bits/types/cookie_io_functions_t.h>
extern FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);
