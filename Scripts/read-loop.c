/* The bare read loop of a container, which the analysis is measured against: libpcap's of a pcap or pcapng, and likewise record by
   record of a btsnoop log and of the air in an Ellisys trace. */
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

static uint32_t little_endian(const uint8_t *octets)
{
    return (uint32_t)octets[3] << 24 | octets[2] << 16 | octets[1] << 8 | octets[0];
}

/* The pages of an Ellisys trace: the one that is read, how much of it is left, and the last one of the stream that is read. */
static FILE *trace;
static long page_end;
static uint32_t page_left, last_page = 0xFFFFFFF0;

/* Whether a stream begins with this page: that of the records from the air does with its kind, and with its number behind 46 octets. */
static int begins_air(uint32_t used)
{
    static const uint8_t kind[] = {0xE3, 0x91, 0x15, 0x50, 0x69, 0xA2};
    uint8_t start[50];

    return used >= sizeof start && fread(start, sizeof start, 1, trace) == 1 && memcmp(start + 2, kind, sizeof kind) == 0
        && little_endian(start + 46) == 0;
}

/* Goes to the next page of the stream, over those of others. */
static int next_page(void)
{
    uint8_t header[12];

    for (;;) {
        uint32_t room, used, number, previous;

        if (fseek(trace, page_end, SEEK_SET) != 0 || fread(header, sizeof header, 1, trace) != 1)
            return 0;
        room = header[0] | header[1] << 8;
        used = header[2] | header[3] << 8;
        number = little_endian(header + 4);
        previous = little_endian(header + 8);
        if (room < 28 || used < 28)
            return 0;
        page_end += room;
        page_left = used - 28;
        if (previous == last_page && (previous != 0xFFFFFFF0 || begins_air(page_left))) {
            if (previous == 0xFFFFFFF0)
                page_left -= 50;
            last_page = number;
            return 1;
        }
    }
}

static int take(uint8_t *octets, uint32_t count)
{
    while (count > page_left) {
        if (fread(octets, 1, page_left, trace) != page_left)
            return 0;
        octets += page_left;
        count -= page_left;
        if (!next_page())
            return 0;
    }
    page_left -= count;
    return fread(octets, 1, count, trace) == count;
}

/* Item 1, length 4, 29 that are fixed, and the PDU. */
static void read_trace(FILE *file)
{
    static uint8_t head[34], octets[4096];

    trace = file;
    page_end = 0x400;
    if (!next_page())
        return;
    while (take(head, sizeof head)) {
        uint32_t length = little_endian(head + 1);

        if (length > sizeof octets || !take(octets, length))
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
    else if (memcmp(start, "Ellisys Trace", 13) == 0)
        read_trace(file);
    else if (read_pcap(arguments[1]) != 0)
        return 2;
    printf("%lu frames %lu\n", frames, sum);
    return 0;
}
