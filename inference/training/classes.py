"""What the detector tells apart. The order is the file's: the manifest maps it to the product's words."""

CLASSES = ("person", "two-wheeler", "tricycle", "car", "bus", "truck", "animal")
