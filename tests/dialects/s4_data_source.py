class DashboardDataSource:
    async def get_data(self):
        # Get dashboard data
        return {
            'total_value': '$50,000.00',
            'daily_pnl': '$1,200.00',
            'open_positions': 5,
            'win_rate': '58.3%'
        }
