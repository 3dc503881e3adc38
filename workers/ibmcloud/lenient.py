"""The shape all of IBM Cloud's answers share: what we do not know is passed over."""

from marshmallow import EXCLUDE, Schema


class Lenient(Schema):
    """An answer that may have more fields than we read; IBM Cloud adds some freely."""

    class Meta:
        """A new field is none of our business."""

        unknown = EXCLUDE
