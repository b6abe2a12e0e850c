/* The bare libpcap read loop, which the analysis is measured against. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *octets;
    unsigned long frames = 0, sum = 0;
    pcap_t *file;

    if (count != 2)
        return 64;
    file = pcap_open_offline_with_tstamp_precision(arguments[1], PCAP_TSTAMP_PRECISION_NANO, error);
    if (file == NULL)
        return 2;
    while (pcap_next_ex(file, &header, &octets) == 1) {
        frames++;
        sum += header->caplen + octets[0];
    }
    printf("%lu frames %lu\n", frames, sum);
    return 0;
}
