/** What is labelled: ids as in the training labels. */
export const CLASS = { PERSON: 0, TWO_WHEELER: 1, TRICYCLE: 2, CAR: 3, BUS: 4, TRUCK: 5, ANIMAL: 6, OTHER: 7 };
export const CLASS_NAMES = ["person", "two-wheeler", "tricycle", "car", "bus", "truck", "animal", "other"];
