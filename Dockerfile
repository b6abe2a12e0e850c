# Builds meshscope from a clean checkout, and keeps what it needs to run: docker build -t meshscope .
# docker run --rm -v "$PWD:/captures" meshscope analyze /captures/capture.pcap --keys /captures/office.json
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
    make pkg-config libpcap-dev libssl-dev zlib1g-dev libzstd-dev liblzma-dev libsqlite3-dev dpkg-dev
WORKDIR /meshscope
COPY . .
RUN make deb

FROM debian:bookworm-slim
COPY --from=build /meshscope/dist/*.deb /tmp/
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends /tmp/*.deb && rm -rf /tmp/*.deb /var/lib/apt/lists/*
USER nobody
ENTRYPOINT ["meshscope"]
