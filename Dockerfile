ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

# Installed by the image's pip, so that what runs has neither pip nor a build tool.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock requirements-run.lock ./
# setuptools comes from the lock too, its hash checked as every other. The lock has what
# signing in by an identity provider needs (the extra oidc).
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-deps --require-hashes \
        -r requirements-run.lock \
    && awk '/^[^ #]/ { wanted = /^setuptools==/ } wanted' requirements.lock > build.lock \
    && python -m pip install --no-deps --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
# Not the simulator: what answers as IBM Cloud does has no place beside real keys, and
# what its mail catcher needs is not installed here.
COPY config config
COPY service service
COPY workers workers
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /src/dist . \
    && python -m pip --python /opt/venv/bin/python install --no-deps --no-index \
        /src/dist/*.whl

FROM ${PYTHON_IMAGE}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OFFBOARD_HOST=0.0.0.0
RUN groupadd --gid 10001 offboard \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin offboard \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/offboard \
        /var/lib/offboard/var /var/lib/offboard/var/archive
COPY --from=build /opt/venv /opt/venv
# Where the embedded store would lie; with a Redis only the worker writes here, its archive.
WORKDIR /var/lib/offboard
USER 10001:10001
EXPOSE 8000
# No HEALTHCHECK: one image is web, worker and beat, and each is asked otherwise. Whoever
# starts it says "offboard healthcheck web", "worker" or "beat".
CMD ["offboard", "web"]
# Last, since they differ in each build.
ARG SOURCE=""
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="offboard" \
      org.opencontainers.image.description="Resets the IBM Cloud Kubernetes Service API keys of people who leave to a functional ID, and proves it" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
