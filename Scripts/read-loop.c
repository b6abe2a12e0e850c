/* The bare read loop of a container, which the analysis is measured against: libpcap's of a pcap or pcapng, and likewise record by
   record of a btsnoop log. */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned long frames, sum;

static int read_pcap(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *octets;
    pcap_t *file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);

    if (file == NULL)
        return 2;
    while (pcap_next_ex(file, &header, &octets) == 1) {
        frames++;
        sum += header->caplen + octets[0];
    }
    return 0;
}

static uint32_t big_endian(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3];
}

static void read_btsnoop(FILE *file)
{
    static uint8_t header[24], octets[1 << 16];

    while (fread(header, sizeof header, 1, file) == 1) {
        uint32_t length = big_endian(header + 4);

        if (length > sizeof octets || fread(octets, 1, length, file) != length)
            break;
        frames++;
        sum += length + octets[0];
    }
}

int main(int count, char **arguments)
{
    char start[16];
    FILE *file;

    if (count != 2)
        return 64;
    file = fopen(arguments[1], "rb");
    if (file == NULL || fread(start, sizeof start, 1, file) != 1)
        return 2;
    if (memcmp(start, "btsnoop", 8) == 0)
        read_btsnoop(file);
    else if (read_pcap(arguments[1]) != 0)
        return 2;
    printf("%lu frames %lu\n", frames, sum);
    return 0;
}
