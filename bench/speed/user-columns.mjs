/** Of a user, what Steward reads: for those who ask Prisma the same without it. */
export const USER_COLUMNS = {
  id: true,
  username: true,
  email: true,
  department: { select: { name: true } },
  role: true,
  active: true,
  createdAt: true,
  updatedAt: true,
};
